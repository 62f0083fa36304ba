-- One row for each content, by its hash. The row is the decision: who promotes a content, refers to it or deletes it does so by a change of this row,
-- which others wait for or lose to. A generation is never given out twice, so that a promotion that took too long cannot be mistaken for a later one.
create sequence content_generation as bigint;

create table contents (
    piece_hash       text collate "C" primary key,
    tip_hash         text collate "C" not null,
    size             bigint           not null check (size > 0),
    generation       bigint           not null default nextval('content_generation'),
    -- Promoting: on its way to its key; Stored; Deleting: nothing may refer to it any more, the object is being deleted.
    state            text             not null default 'Promoting' check (state in ('Promoting', 'Stored', 'Deleting')),
    key              text collate "C" not null,
    etag             text,
    version_id       text,
    content_type     text             not null,
    detected_type    text,
    files            integer          not null default 0 check (files >= 0),
    created_at       timestamptz      not null default now(),
    -- Since when nothing refers to it; null while something does.
    unreferenced_at  timestamptz      default now(),
    check ((files = 0) = (unreferenced_at is not null)),
    check (state = 'Stored' or files = 0)
);

-- The cheap look-up: is there anything with this size and tip?
create index contents_tip on contents (tip_hash, size);

-- What the sweeper looks at: few rows, as most contents have files.
create index contents_unreferenced on contents (unreferenced_at) where unreferenced_at is not null;

-- One row for each file that a user has; the id is the tag of the upload it came by. An empty file has no content: its object stays where it was uploaded to.
create table files (
    id             text collate "C" primary key,
    user_name      text collate "C" not null,
    name           text        not null,
    original_name  text        not null,
    content_type   text        not null,
    detected_type  text,
    size           bigint      not null check (size >= 0),
    tip_hash       text collate "C",
    piece_hash     text collate "C" references contents (piece_hash),
    key            text collate "C" not null,
    etag           text,
    version_id     text,
    -- Whether the content had been there before this file.
    duplicate      boolean     not null,
    created_at     timestamptz not null,
    stored_at      timestamptz not null,
    filed_at       timestamptz not null default now(),
    -- What lists are filtered by: the type as found, or as claimed where none was found, without parameters; and what is before its slash.
    media_type     text collate "C" not null generated always as (
        lower(trim(split_part(coalesce(detected_type, content_type), ';', 1)) collate "C")) stored,
    media_kind     text collate "C" not null generated always as (
        lower(trim(split_part(coalesce(detected_type, content_type), '/', 1)) collate "C")) stored,
    check ((size = 0) = (piece_hash is null))
);

-- Lists, newest first: one index for each filter, a user's and everybody's, read backwards. A page begins by one comparison of rows with all of an index's
-- columns, so that it costs the same however many files there are and however few of them the filter lets through. See docs/decisions/catalog-listing.md.
create index files_list on files (user_name, filed_at, id);
create index files_list_all on files (filed_at, id);
create index files_type on files (user_name, media_type, filed_at, id);
create index files_type_all on files (media_type, filed_at, id);
create index files_kind on files (user_name, media_kind, filed_at, id);
create index files_kind_all on files (media_kind, filed_at, id);
create index files_content on files (piece_hash, user_name, filed_at, id);
create index files_tip on files (tip_hash, user_name, filed_at, id);

-- Names that are rare are found by their trigrams, where the server has the extension and lets us use it.
do $$
begin
    if exists (select from pg_available_extensions where name = 'pg_trgm') then
        create extension if not exists pg_trgm;
        create index files_name on files using gin (lower(normalize(name)) gin_trgm_ops);
    end if;
exception
    when insufficient_privilege or feature_not_supported or undefined_file or undefined_object then
        raise notice 'pg_trgm cannot be used: %', sqlerrm;
end $$;
