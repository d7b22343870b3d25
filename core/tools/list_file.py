"""The lists in core/data."""


def lines_of(path):
    """(number, text) of each line, without a comment; blank ones are left out."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.split("#")[0].strip()
            if line:
                yield number, line
