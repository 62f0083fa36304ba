using Media.Tests.Support;
using Npgsql;

namespace Media.AppHost.Tests.Postgres;

public sealed class TestPostgresTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task Server_Asked_IsVersion18WithChecksumsAndScram()
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);

        Assert.Equal("18", (await ScalarAsync(source, "select current_setting('server_version_num')::int / 10000")).ToString());
        Assert.Equal("on", await ScalarAsync(source, "select current_setting('data_checksums')"));
        Assert.Equal("127.0.0.1", await ScalarAsync(source, "select current_setting('listen_addresses')"));
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "wrong", Pooling = false };
        await using var refused = new NpgsqlConnection(wrong.ConnectionString);
        Assert.Equal(PostgresErrorCodes.InvalidPassword, (await Assert.ThrowsAsync<PostgresException>(() => refused.OpenAsync(Cancel))).SqlState);
    }

    [Fact]
    public async Task RestartAsync_AfterKill_KeepsWhatWasCommitted()
    {
        await using var server = await TestPostgres.StartAsync(Cancel);
        await using var source = NpgsqlDataSource.Create(await server.CreateDatabaseAsync(cancellationToken: Cancel));
        await ScalarAsync(source, "create table t (n int); insert into t values (42); select 1");

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ScalarAsync(source, "select n from t"));
        await server.RestartAsync(Cancel);

        Assert.Equal(42, await ScalarAsync(source, "select n from t"));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<object> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (await command.ExecuteScalarAsync(Cancel))!;
    }
}
