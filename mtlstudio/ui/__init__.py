"""The window: one room per workspace, the shell around them, the widgets and the theme they share."""
