using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>Single statements, for those that need no transaction of several.</summary>
internal static class SqlStatements
{
    /// <summary>Runs a statement, which may run twice.</summary>
    /// <param name="database">Where.</param>
    /// <param name="sql">A constant of the caller's.</param>
    /// <param name="parameters">Its parameters, in their order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many rows it changed.</returns>
    public static Task<int> ExecuteAsync(this PostgresDatabase database, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, statement, token) =>
            {
                await using var command = Create(connection, statement.sql, statement.parameters);
                return await command.ExecuteNonQueryAsync(token);
            },
            (sql, parameters),
            cancellationToken);

    /// <summary>The same, of a statement that has a value.</summary>
    /// <returns>The first column of the first row; null where there is no row.</returns>
    public static Task<object?> ExecuteScalarAsync(this PostgresDatabase database, string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken) =>
        database.RunAsync(
            static async (connection, statement, token) =>
            {
                await using var command = Create(connection, statement.sql, statement.parameters);
                return await command.ExecuteScalarAsync(token);
            },
            (sql, parameters),
            cancellationToken);

    private static NpgsqlCommand Create(NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters)
    {
#pragma warning disable CA2100 // Every caller's is a constant.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        // A parameter belongs to one command, and the statement may run twice.
        foreach (var parameter in parameters) command.Parameters.Add(parameter.Clone());
        return command;
    }
}
