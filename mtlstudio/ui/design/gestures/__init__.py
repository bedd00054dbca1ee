"""What the mouse does in the sharing grid: each gesture is an object with start, update, finish and cancel."""
