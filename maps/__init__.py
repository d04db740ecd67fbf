"""Everything a person looks at, drawn from the same Layer and Style by each renderer."""
