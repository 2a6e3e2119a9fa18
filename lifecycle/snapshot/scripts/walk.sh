# One look at the whole state, and what it comes to. Used while the workload serves: what goes meanwhile is no failure.

# Two lines for each entry: its facts and its path, and where it leads if it is a link. \1 stands for a line break in a name.
walk_state() {
  { find "${places[@]}" "${calmly[@]}" "${past_no_state[@]}" -printf '%y %n %i %D %b %s %U %p\0%l\0' 2>/dev/null || true; } |
    tr '\n\0' '\1\n'
}

# Reads such lines. Prints numbers, tab-separated: what all takes on its disk and each further place of it, entries, files, bytes,
# bytes of databases, and how many entries are odd, by kind. Then the folders with a part of it that counts, and the first
# odd ones of each kind: "folder", entries, bytes, path, or "odd", kind, path. Paths in base64.
# STATE_AT: a line for each root, with where it is mounted in the workload's container.
survey_of_walk() {
  awk -v named=5 '
    function root_of(path) {
      if (!match(path, /^\/places\/[^\/]*/)) match(path, /^\/[^\/]*/)
      return substr(path, 1, RLENGTH)
    }
    function above(path) {
      sub(/\/[^\/]*$/, "", path)
      return path
    }
    # Without dots in it: as text, wherever other links lead.
    function plain(path,  parts, kept, depth, i, all) {
      all = split(path, parts, "/")
      depth = 0
      for (i = 1; i <= all; i++) {
        if (parts[i] == "..") { if (depth > 0) depth-- }
        else if (parts[i] != "" && parts[i] != ".") kept[++depth] = parts[i]
      }
      path = ""
      for (i = 1; i <= depth; i++) path = path "/" kept[i]
      return path
    }
    function leads_out(target,  root, to) {
      root = root_of(path)
      if (!(root in at)) return 0
      to = plain(target ~ /^\// ? target : above(at[root] substr(path, length(root) + 1)) "/" target)
      for (root in at) if (to == at[root] || index(to, at[root] "/") == 1) return 0
      return 1
    }
    function odd(kind, text) {
      if (++odds[kind] <= named) print "odd " kind "\t" text
    }
    BEGIN {
      all = split(ENVIRON["STATE_AT"], lines, "\n")
      for (i = 1; i <= all; i++) if (split(lines[i], pair, "\t") == 2) at[pair[1]] = plain(pair[2])
    }
    NR % 2 == 1 {
      kind = $1
      path = substr($0, length($1 $2 $3 $4 $5 $6 $7) + 8)
      root = root_of(path)
      # A file of several names takes its room once.
      if ($2 == 1 || kind == "d" || !(($3, $4) in seen)) {
        used[root] += $5 * 512
        if ($2 > 1 && kind != "d") seen[$3, $4] = 1
      }
      if (path == root) next
      folder = above(path)
      entries++
      entries_in[folder]++
      if (kind == "f") {
        files++
        bytes += $6
        bytes_in[folder] += $6
        if (substr(path, length(folder) + 2) ~ /\.(sqlite|db)/) databases += $6
      } else if (kind ~ /[spbc]/) odd("special", path)
      if (++owned[$7] <= named) owned_name[$7, owned[$7]] = path
      next
    }
    kind == "l" && path != root && leads_out($0) { odd("link", path " -> " $0) }
    END {
      for (root in used) {
        all_used += used[root]
        if (root ~ /^\/places\//) printf "place-used %s %.0f\n", substr(root, 9), used[root]
      }
      printf "state-used %.0f\nstate-files %.0f\nstate-entries %.0f\nstate-bytes %.0f\ndatabases-used %.0f\n",
        all_used, files, entries, bytes, databases
      for (folder in entries_in) {
        root = root_of(folder)
        for (each = folder; ; each = above(each)) {
          below[each] += entries_in[folder]
          weight[each] += bytes_in[folder]
          if (each == root) break
        }
      }
      for (folder in below)
        if (below[folder] >= entries / 20 || weight[folder] > 0 && weight[folder] >= bytes / 20)
          printf "folder %.0f %.0f\t%s\n", below[folder], weight[folder], folder
      most = ""
      for (owner in owned) if (most == "" || owned[owner] > owned[most]) most = owner
      if (most != "") printf "state-owner %s\n", most
      for (owner in owned) {
        if (owner == most) continue
        for (i = 1; i <= named && i <= owned[owner]; i++) odd("owner:" owner, owned_name[owner, i])
        odds["owner:" owner] = owned[owner]
      }
      for (kind in odds) printf "odd-count %s %.0f\n", kind, odds[kind]
    }' | while IFS='	' read -r words path; do
    printf '%s' "${words// /	}"
    [ -z "$path" ] || printf '\t%s' "$(encoded "${path//$'\1'/$'\n'}")"
    echo
  done
}
