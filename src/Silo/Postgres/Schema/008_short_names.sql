-- Every character of a name and every two that stand together: what searches of fewer than three characters go by, for which trigrams are of no use.
-- In Chinese, Japanese and Korean two characters are a word.
create function name_pairs(name text) returns text[] language sql immutable strict parallel safe as $$
    select array(select distinct substr(name, start, length) from generate_series(1, length(name)) as start, generate_series(1, 2) as length)
$$;

create index files_name_pairs on files using gin (name_pairs(lower(normalize(name))));
