using Media.Grains.Files;
using Npgsql;
using static Media.Silo.Postgres.CatalogRows;
using static Media.Silo.Postgres.SqlParameters;

namespace Media.Silo.Postgres;

/// <summary>
/// The statements of one list of files, a text for each set of filters. A page's order has the filter's columns in front of the time, by ranges that have one
/// value in them: so only the filter's own index is in that order, and no statistics can talk the planner into another. The cursor is in the first two
/// parameters, the number of rows in the third.
/// </summary>
internal sealed class FileListing
{
    /// <summary>The fewest characters that are found by their trigrams.</summary>
    private const int TrigramLength = 3;

    private readonly List<(string Column, string Value)> _filters = [];
    private readonly List<NpgsqlParameter> _values = [];
    private readonly string? _name;
    private readonly string? _pairs;
    private readonly string? _hash;

    public FileListing(FileFilter filter)
    {
        if (filter.User is { } user) _filters.Add(("user_name", Value(user)));
        if (filter.Type is { } type) _filters.Add(type.EndsWith("/*", StringComparison.Ordinal) ? ("media_kind", Value(type[..^2])) : ("media_type", Value(type)));
        if (filter.Hash is { } hash) _hash = Value(hash);
        if (filter.Name is not { } name) return;
        _name = $"lower(normalize(name)) like lower(normalize({Value(Contains(name))}))";
        // True of every name with that text in it, whatever becomes of its length in lower case.
        if (name.Length < TrigramLength) _pairs = $"name_pairs(lower(normalize(name))) @> name_pairs(lower(normalize({Value(name)})))";
    }

    /// <summary>Whether rows of the list are to be looked through for a name.</summary>
    public bool LooksForNames => _name is not null && _hash is null;

    /// <summary>All that there is of the list, straight by the index of its filter.</summary>
    public string PageSql => _hash is null
        ? $"select {FileColumns} from files where {Range()} {Order()} limit $3"
        // A hash is of either kind, and each has its index: first those of one content, which are few enough to be put in order.
        : $"""
            select {FileColumns} from (
                select * from files where piece_hash = {_hash} and {Equality(_name)}
                union all
                select * from files where tip_hash = {_hash} and piece_hash <> {_hash} and {Equality(_name)}) as files
            order by filed_at desc, id desc limit $3
            """;

    /// <summary>Looks for a name among the next rows of the list, as many as <paramref name="window"/>.</summary>
    public string WindowSql(int window) =>
        $"select {FileColumns} from (select * from files where {Range()} {Order()} limit {window}) as files where {_name} {Order()} limit $3";

    /// <summary>The row after which the window ends; none where the list ends before.</summary>
    public string WindowEndSql(int window) => $"select filed_at, id from files where {Range()} {Order()} offset {window - 1} limit 1";

    /// <summary>
    /// Looks for a name in the whole rest of the list. Named rows are gathered first, so that it is not done in the list's order, row by row, for rows that are few.
    /// </summary>
    public string RestSql =>
        $"with named as materialized (select * from files where {Equality(_pairs is null ? _name : $"{_name} and {_pairs}")}) select {FileColumns} from named as files order by filed_at desc, id desc limit $3";

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

    private string Range()
    {
        if (_filters.Count == 0) return "(filed_at, id) < ($1, $2)";
        var columns = string.Join(", ", _filters.Select(static filter => filter.Column));
        var values = string.Join(", ", _filters.Select(static filter => filter.Value));
        return $"({columns}) >= ({values}) and ({columns}, filed_at, id) < ({values}, $1, $2)";
    }

    private string Order() => $"order by {string.Concat(_filters.Select(static filter => $"{filter.Column} desc, "))}filed_at desc, id desc";

    private string Equality(string? more)
    {
        var conditions = "(filed_at, id) < ($1, $2)";
        foreach (var (column, value) in _filters) conditions = $"{conditions} and {column} = {value}";
        return more is null ? conditions : $"{conditions} and {more}";
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
