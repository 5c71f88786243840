# SPDX-License-Identifier: MIT
# MODE [N]: strings at the limit, and garbage that the collector can take away in time.
case ARGV[0]
when 'caught'
  begin
    'x' * 8_000_000_000
  rescue NoMemoryError
    puts 'caught'
  end
when 'uncaught'
  'x' * 8_000_000_000
when 'grow'
  kept = []
  loop { kept << 'x' * (1 << 20) }
when 'near'
  kept = Array.new(ARGV[1].to_i) { 'x' * (1 << 20) }
when 'garbage'
  1000.times { |i| 'x' * ((1 << 20) + i) }
else
  exit 125
end
