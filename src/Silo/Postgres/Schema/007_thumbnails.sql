-- Small pictures of a content. They go with it: its objects are those under the keys here, its rows go by themselves.
create table thumbnails (
    piece_hash text collate "C" not null references contents (piece_hash) on delete cascade,
    -- Pixels of the square that the picture fits into.
    width      integer          not null check (width > 0),
    key        text collate "C" not null,
    size       bigint           not null check (size > 0),
    created_at timestamptz      not null default now(),
    primary key (piece_hash, width)
);

-- Contents that thumbnails could not be made of, for good: reason is a word for programs, detail a sentence for people.
create table thumbnail_failures (
    piece_hash text collate "C" primary key references contents (piece_hash) on delete cascade,
    reason     text             not null,
    detail     text             not null,
    at         timestamptz      not null default now()
);

create index thumbnail_failures_reason on thumbnail_failures (reason);
