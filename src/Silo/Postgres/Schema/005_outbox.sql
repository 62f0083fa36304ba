-- Events, written in the transaction that made them true; told from here, later and at least once. Ids of one subject are in the order in which things happened.
create table outbox (
    id            bigint generated always as identity primary key,
    event_id      text collate "C" not null unique,
    type          text             not null,
    subject       text collate "C" not null,
    at            timestamptz      not null,
    data          jsonb            not null,
    written_at    timestamptz      not null default now(),
    dispatched_at timestamptz
);

create index outbox_waiting on outbox (id) where dispatched_at is null;
