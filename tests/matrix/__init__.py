"""The matrix: every role, every layer, every path; what is visible is what is declared."""
