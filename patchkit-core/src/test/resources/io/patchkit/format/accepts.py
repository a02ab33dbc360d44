"""Says of each file named on standard input whether the safetensors library reads it, one line of
"yes" or of why not."""

import sys

from safetensors import deserialize

for line in sys.stdin:
    with open(line.rstrip("\n"), "rb") as file:
        content = file.read()
    try:
        deserialize(content)
        print("yes")
    except BaseException as refusal:  # pyo3 panics are no Exceptions
        print(type(refusal).__name__, str(refusal).replace("\n", " ")[:200])
