"""`python -m runline` is `runline`."""

from runline.cli import main

if __name__ == "__main__":
    main()
