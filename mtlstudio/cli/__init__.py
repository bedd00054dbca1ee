"""The commands. Qt is imported only when a window is asked for, torch only by commands that need it."""
