"""What students write and print: their own words, and the numbers in printed text."""
