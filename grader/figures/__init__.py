"""What matplotlib figures show, as numbers: plotted data, class maps, regions and curves."""
