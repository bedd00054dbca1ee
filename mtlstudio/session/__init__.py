"""What joins Qt to the rest: the document with its undo stack, training and prediction sessions."""
