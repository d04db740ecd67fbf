"""Answers about roads: where to go, in what order, by which round. Records in, sentences out."""
