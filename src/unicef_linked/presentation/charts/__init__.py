"""The charts of the dataset as geometry and words: one module for each way of drawing.

May not: read the rows of a chart other than by ``dataset.charts``, or write SVG; templates do.
Called by: ``web``, by way of ``chart``; the table of the ways of drawing is in ``kinds``.
"""
