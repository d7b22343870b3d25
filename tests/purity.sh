#!/bin/sh
# The layers hold: what core/ calls is on the list below, it keeps no writable data, and it
# includes nothing from server/.
#
#   tests/purity.sh libcore.a SOURCE_ROOT      (a build without sanitizers)
set -eu
library=$1
root=$2

# No files, sockets, clocks, threads, locale, environment, printf. Memory only through malloc and
# free, with advice on the pages of large blocks; the C library only where it computes, and of
# mathematics what IEEE 754 rounds correctly, so that a score is the same on every machine; what the
# processor has only where either way gives the same bits.
allowed='
malloc|calloc|realloc|free|madvise|__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__popcountdi2
memcpy|memmove|memset|memcmp|memchr|memrchr|memmem|mempcpy
__memcpy_chk|__memmove_chk|__memset_chk
strlen|strnlen|strcmp|strncmp|strchr|strrchr|strstr|strspn|strcspn
sqrtf?|fabsf?|fmaxf?|fminf?
__cpu_model
(utf8proc|sb_stemmer|uchardet|lxb|lexbor)_[a-z0-9_]+
json_(loadb|delete|object_[a-z_]+|array_[a-z_]+|string_[a-z_]+|integer_value|real_value|number_value)
'
allowed="^($(printf '%s' "$allowed" | tr '\n' '|' | sed 's/^|*//; s/|*$//'))\$"

fault()
{
	echo "purity: $*"
	faults=1
}

faults=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nm --defined-only "$library" 2> /dev/null | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' |
	sort -u > "$work/defined"
nm --undefined-only "$library" 2> /dev/null | awk 'NF == 2 { print $2 }' |
	sort -u > "$work/called"
[ -s "$work/defined" ] || fault "$library: no symbols"

for name in $(comm -13 "$work/defined" "$work/called" | grep -Ev "$allowed"); do
	fault "core/ calls $name: $(nm -A --undefined-only "$library" 2> /dev/null |
		awk -F: -v name="$name" '$NF ~ " " name "$" { print $(NF - 1) }' | tr '\n' ' ')"
done

# .data.rel.ro is where constant pointers go; it is read-only once the program has started.
size -A "$library" | awk '
	/:$/ || / : *$/ || /\(ex / { object = $1 }
	$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
		print object, $1, $2 " bytes"
	}' > "$work/writable"
while read -r line; do
	fault "writable data in core/: $line"
done < "$work/writable"

grep -rnE '^[ 	]*#[ 	]*include[ 	]*["<](\.\./)*server/' "$root/core" > "$work/includes" || true
while read -r line; do
	fault "an include of server/: $line"
done < "$work/includes"
exit $faults
