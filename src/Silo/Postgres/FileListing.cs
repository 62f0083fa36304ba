using Media.Grains.Files;
using Npgsql;
using static Media.Silo.Postgres.CatalogRows;

namespace Media.Silo.Postgres;

/// <summary>
/// The statements of one list of files: a text for each set of filters, so that each is prepared with the plan that its index is for. The cursor is in the
/// first two parameters, the number of rows in the third.
/// </summary>
internal sealed class FileListing
{
    private const string Order = "order by filed_at desc, id desc";
    private readonly List<string> _conditions = ["(filed_at, id) < ($1, $2)"];
    private readonly List<NpgsqlParameter> _values = [];
    private readonly string? _name;
    private readonly string? _hash;

    public FileListing(FileFilter filter)
    {
        if (filter.User is { } user) _conditions.Add($"user_name = {Value(user)}");
        if (filter.Type is { } type)
        {
            _conditions.Add(type.EndsWith("/*", StringComparison.Ordinal) ? $"media_kind = {Value(type[..^2])}" : $"media_type = {Value(type)}");
        }

        if (filter.Hash is { } hash) _hash = Value(hash);
        if (filter.Name is { } name) _name = $"lower(normalize(name)) like lower(normalize({Value(Contains(name))}))";
    }

    /// <summary>Whether rows of the list are to be looked through for a name.</summary>
    public bool LooksForNames => _name is not null && _hash is null;

    /// <summary>All that there is of the list, straight by the index of its filter.</summary>
    public string PageSql => _hash is null
        ? $"select {FileColumns} from files where {Where(_name)} {Order} limit $3"
        // A hash is of either kind, and each has its index.
        : $"""
            select {FileColumns} from (
                (select * from files where {Where($"piece_hash = {_hash}", _name)} {Order} limit $3)
                union all
                (select * from files where {Where($"tip_hash = {_hash}", $"piece_hash <> {_hash}", _name)} {Order} limit $3)) as either
            {Order} limit $3
            """;

    /// <summary>Looks for a name among the next rows of the list, as many as <paramref name="window"/>.</summary>
    public string WindowSql(int window) =>
        $"select {FileColumns} from (select * from files where {Where()} {Order} limit {window}) as next where {_name} {Order} limit $3";

    /// <summary>The row after which the window ends; none where the list ends before.</summary>
    public string WindowEndSql(int window) => $"select filed_at, id from files where {Where()} {Order} offset {window - 1} limit 1";

    /// <summary>Looks for a name in the whole rest of the list. Named rows are gathered first, so that it is not done in the list's order, row by row, for rows that are few.</summary>
    public string RestSql => $"with named as materialized (select * from files where {Where(_name)}) select {FileColumns} from named {Order} limit $3";

    /// <summary>Makes a command.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="sql">One of the above.</param>
    /// <param name="after">The cursor.</param>
    /// <param name="limit">How many rows.</param>
    public NpgsqlCommand Command(NpgsqlConnection connection, string sql, FilePosition after, int limit)
    {
#pragma warning disable CA2100 // Made of constants.
        var command = new NpgsqlCommand(sql, connection) { Parameters = { Time(after.FiledAt), Text(after.Id), Number(limit) } };
#pragma warning restore CA2100
        foreach (var value in _values) command.Parameters.Add(value.Clone());
        return command;
    }

    private static string Contains(string text) =>
        $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";

    private string Value(string value)
    {
        _values.Add(Text(value));
        return $"${_values.Count + 3}";
    }

    private string Where(params ReadOnlySpan<string?> more)
    {
        var conditions = string.Join(" and ", _conditions);
        foreach (var condition in more)
        {
            if (condition is not null) conditions = $"{conditions} and {condition}";
        }

        return conditions;
    }
}

/// <summary>A place in a list of files.</summary>
/// <param name="FiledAt">In microseconds, as the database has it.</param>
/// <param name="Id">The file's id.</param>
internal readonly record struct FilePosition(DateTimeOffset FiledAt, string Id)
{
    // The database has infinity for it.
    private static readonly FilePosition Start = new(DateTimeOffset.MaxValue, "");

    /// <summary>The place that a cursor names, or the beginning where there is none.</summary>
    /// <returns>Null where it is not one of ours.</returns>
    public static FilePosition? Parse(string? cursor)
    {
        if (cursor is null) return Start;
        const long most = 253_402_300_799_999_999;
        return PageCursor.TryParse(cursor, out var place) && place.Value.Time <= most
            ? new FilePosition(DateTimeOffset.UnixEpoch.AddTicks(place.Value.Time * TimeSpan.TicksPerMicrosecond), place.Value.Tag)
            : null;
    }

    /// <summary>The place of a file.</summary>
    public static FilePosition Of(CatalogFile file) => new(file.FiledAt, file.File.Id);

    /// <summary>The cursor, for clients.</summary>
    public override string ToString() => new PageCursor((FiledAt - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, Id).ToString();
}
