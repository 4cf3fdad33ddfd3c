// What every page has a script for; without it the pages work as well.
