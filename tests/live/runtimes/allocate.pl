# SPDX-License-Identifier: MIT
# MODE [N]: strings at the limit. Perl cannot catch a refusal, unless $^M was set aside.
use strict;
use warnings;

my ($mode, $number) = @ARGV;
my ($size, @kept) = (8_000_000_000);
if ($mode eq 'uncaught') {
	push @kept, 'x' x $size;
} elsif ($mode eq 'grow') {
	push @kept, 'x' x (1 << 20) . @kept while 1;
} elsif ($mode eq 'near') {
	push @kept, 'x' x (1 << 20) . @kept for 1 .. $number;
} else {
	exit 125;
}
