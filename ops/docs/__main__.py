"""`python -m ops.docs`: write the generated pages."""

from ops.docs import write

for name in write():
    print(f"docs/{name}")
