# Regular expressions, hashes and sorting over a text, as Perl is used for. Prints what it found.
use strict;
use warnings;

my (%count, %follows);
my $lines = 0;
my $last = '';
open my $text, '<', 'text' or die "text: $!";
while (my $line = <$text>) {
    last if ++$lines > 8000;
    $line =~ s/(\w)(\w+)/\u$1$2/g if $lines % 4 == 0;
    for my $word ($line =~ /\b([a-z]{3,})\b/g) {
        $count{$word}++;
        $follows{$last}{$word}++;
        $last = $word;
    }
}
my @words = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
my $pairs = 0;
$pairs += keys %$_ for values %follows;
print join(' ', scalar @words, $pairs, map { "$_=$count{$_}" } @words[0 .. 4]), "\n";
