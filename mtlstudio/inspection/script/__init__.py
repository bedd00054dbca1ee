"""A project as one Python script that needs torch and torchvision alone: network, losses, training loop."""
