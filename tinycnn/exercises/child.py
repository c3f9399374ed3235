r"""One part of a file, looked at in a program of its own: what `grading` starts where there is no fork."""

from __future__ import annotations

import sys

from tinycnn.exercises.catalogue import find
from tinycnn.exercises.grading import look_at
from tinycnn.exercises.isolation import in_place, tell
from tinycnn.exercises.submission import File


def main() -> None:
    """Look at ``exercise path part seed sound…`` and tell the answer in the last line."""
    name, path, part_name, seed, *sound = sys.argv[1:]
    exercise = find(name)
    part = next((part for part in exercise.parts if part.name == part_name), None)
    file = File(path, name, exercise.functions)
    answer = in_place(lambda: look_at(exercise, file, part, sound, int(seed)))
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\n" + tell(answer))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
