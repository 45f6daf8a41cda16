"""Great Expectations at the two boundaries of the flow: files as they come in, and tables as they go out."""
