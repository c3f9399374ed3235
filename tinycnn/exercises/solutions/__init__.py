"""A worked solution of each exercise, in plain NumPy: functions of arrays alone, which keep nothing between calls."""
