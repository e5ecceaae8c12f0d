"""SIS imports: reading the files, putting their rows into Canvas, telling what went wrong."""
