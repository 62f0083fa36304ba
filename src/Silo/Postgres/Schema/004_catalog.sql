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
    check ((files = 0) = (unreferenced_at is not null))
);

-- The cheap look-up: is there anything with this size and tip?
create index contents_tip on contents (tip_hash, size);

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
    check ((size = 0) = (piece_hash is null))
);

-- Lists, newest first; pages begin by one comparison of rows.
create index files_list on files (user_name, filed_at desc, id desc);
create index files_content on files (piece_hash, user_name);
