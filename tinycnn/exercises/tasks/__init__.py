"""What is to be written, one exercise a file: each defines ``EXERCISE``."""
