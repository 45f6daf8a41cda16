"""From the private warehouse to a release that readers may open."""
