# Turns a Lua script into a C string: comments and blank lines are left out.
BEGIN { print "/* Made from daemon/lua by embed.awk. */" }
FNR == 1 {
	if (open) print "\t;"
	name = FILENAME; sub(/.*\//, "", name); sub(/\.lua$/, "", name)
	printf "static const char script_%s[] =\n", name; open = 1
}
/^[ \t]*--/ || /^[ \t]*$/ { next }
{
	gsub(/\\/, "\\\\\\\\"); gsub(/"/, "\\\""); sub(/^[ \t]+/, "")
	printf "\t\"%s\\n\"\n", $0
}
END { if (open) print "\t;" }
