"""`./muang soak`: whether a long evening of changes wears the server or an open page down.

`run` puts it together: `changes` makes real changes, `pages` watches open dashboards, `streams`
listens with many clients that lose their connection at once, `verdict` judges, without any I/O.
"""
