# SPDX-License-Identifier: MIT
# MODE [N]: vectors at the limit.
words <- commandArgs(trailingOnly = TRUE)
kept <- list()
grow <- function(mib) {
	while (length(kept) < mib) kept[[length(kept) + 1]] <<- numeric(131072) + 1
}
switch(words[1],
	caught = cat(tryCatch(length(numeric(1e9)), error = function(error) "caught"), "\n"),
	uncaught = kept <- numeric(1e9),
	grow = grow(100000),
	near = grow(as.integer(words[2])),
	quit(status = 125))
