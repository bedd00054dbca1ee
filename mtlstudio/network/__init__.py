"""From layers and connections to a network: layer types, templates, compilation, analysis."""
