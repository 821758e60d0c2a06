"""Files and blobs into text: opened without following a link, decoded, cut where they are large."""
