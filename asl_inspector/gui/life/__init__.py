"""The life of the program on a desktop: its log, what happens when it fails, bug reports, and one window for all files."""
