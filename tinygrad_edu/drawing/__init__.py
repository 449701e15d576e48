"""What draw() is made of: the parts of a graph, their layout by Graphviz, and the dress of its SVG."""
