"""Imports: other tools' files, and our own, as answers with their votes. A file is read, put in order and judged as a
whole before anything of it is written."""
