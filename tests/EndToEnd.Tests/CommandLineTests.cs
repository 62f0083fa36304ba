using System.Text.Json;
using Media.AppHost.Processes;
using Media.EndToEnd.Tests.Support;
using Media.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Media.EndToEnd.Tests;

/// <summary>The way of a file there and back, by the command as it is built, through the API, PostgreSQL and the store.</summary>
public sealed class CommandLineTests : IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly TemporaryFolder folder = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private TestPostgres postgres = null!;
    private TestStorage storage = null!;
    private StoreProxy proxy = null!;
    private ApiProcess api = null!;
    private long sent;

    public async ValueTask InitializeAsync()
    {
        postgres = await TestPostgres.StartAsync(cancel);
        storage = await TestStorage.StartAsync(cancel);
        proxy = await StoreProxy.StartAsync(storage.Endpoint, cancel);
        proxy.Before = request =>
        {
            if (StoreProxy.IsContent(request))
                Interlocked.Add(ref sent, request.ContentLength ?? 0);
            return Task.CompletedTask;
        };
        using (var client = storage.CreateClient())
            await client.PutBucketAsync("media", cancel);
        api = await ApiProcess.StartAsync(await postgres.CreateDatabaseAsync(cancellationToken: cancel), proxy.Endpoint, "media", cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await proxy.DisposeAsync();
        await storage.DisposeAsync();
        await postgres.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Upload_NewAndKnownFiles_AreVerifiedLinkedAndSentOnce()
    {
        var file = await TestFile.CreateAsync(folder.Path("Übung, die 1.bin"), (21 * MiB) + 5, cancel);
        var first = await UploadAsync(file.Path);
        Assert.Equal("verified", Text(first, "status"));
        Assert.Equal(file.Size, Interlocked.Read(ref sent));
        using (var http = new HttpClient())
        {
            http.DefaultRequestHeaders.Referrer = api.Address;
            Assert.Equal(await File.ReadAllBytesAsync(file.Path, cancel), await http.GetByteArrayAsync(Text(first, "link"), cancel));
        }

        // Again by its owner, and by another user, who has to prove that the file is theirs.
        var again = await UploadAsync(file.Path);
        var other = await UploadAsync(file.Path, key: ApiProcess.OtherKey);
        foreach (var row in (JsonElement[])[again, other])
        {
            Assert.Equal("duplicate", Text(row, "status"));
            Assert.Equal(0, row.GetProperty("sent").GetInt64());
            Assert.Equal(Text(first, "pieceHash"), Text(row, "pieceHash"));
        }

        Assert.Equal(file.Size, Interlocked.Read(ref sent));
        var (_, hash) = await RunAsync("hash", "--json", file.Path);
        Assert.Equal(Text(hash[0], "pieceHash"), Text(first, "pieceHash"));

        // Each has their own: two files here, one there.
        Assert.Equal(2, (await RunAsync("files", "--json", "--hash", Text(first, "pieceHash"))).Rows.Count);
        Assert.Equal(Text(other, "fileId"), Text(Assert.Single((await RunAsAsync(ApiProcess.OtherKey, "files", "--json")).Rows), "id"));
        var (refused, _) = await RunAsAsync(ApiProcess.OtherKey, "get", Text(first, "fileId"), "-o", folder.Path("stolen"));
        Assert.Equal(3, refused);
        Assert.False(File.Exists(folder.Path("stolen")));
    }

    [Fact]
    public async Task Upload_SameSizeAndTipButAnotherFile_IsUploadedAndVerified()
    {
        var one = await TestFile.CreateAsync(folder.Path("one.bin"), 12 * MiB, cancel);
        Assert.Equal("verified", Text(await UploadAsync(one.Path), "status"));
        var bytes = await File.ReadAllBytesAsync(one.Path, cancel);
        bytes[5 * MiB] ^= 1;
        var two = folder.Path("two.bin");
        await File.WriteAllBytesAsync(two, bytes, cancel);
        var row = await UploadAsync(two);
        Assert.Equal(("verified", 12L * MiB), (Text(row, "status"), row.GetProperty("sent").GetInt64()));
        var (code, _) = await RunAsync("get", Text(row, "fileId"), "-o", folder.Path("back"));
        Assert.Equal(0, code);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(folder.Path("back"), cancel));
        Assert.Equal(0, (await RunAsync("verify", two, Text(row, "fileId"))).Code);
        var (different, told) = await RunAsync("verify", one.Path, Text(row, "fileId"), "--json");
        Assert.Equal((1, "pieceHash"), (different, Text(Assert.Single(told), "differs")));
    }

    [Fact]
    public async Task Upload_AByteIsChangedOnItsWayToTheStore_IsMismatchedAndNeverDelivered()
    {
        var file = await TestFile.CreateAsync(folder.Path("flipped.bin"), 12 * MiB, cancel);
        proxy.Sent = request => StoreProxy.IsPart(request) && request.Query["partNumber"] == "1" ? new FlippedStream(request.Body) : request.Body;
        var (code, rows) = await RunAsync("upload", file.Path, "--json", "--part-size", "8MiB");
        Assert.Equal(5, code);
        var row = Assert.Single(rows);
        Assert.Equal(("mismatched", "content_mismatched"), (Text(row, "status"), Text(row, "code")));
        Assert.False(row.TryGetProperty("link", out _));
        var (_, shown) = await RunAsync("show", Text(row, "tag"), "--json");
        Assert.Equal("Mismatched", Text(shown[0], "state"));
        // The tip tells already; the rest is not read for it.
        Assert.NotEqual(Text(row, "tipHash"), Text(shown[0].GetProperty("actual"), "tipHash"));
        Assert.Equal(1, (await RunAsync("get", Text(row, "tag"), "-o", folder.Path("back"))).Code);
        Assert.False(File.Exists(folder.Path("back")));
        using var s3 = storage.CreateClient();
        Assert.Equal(["quarantine/" + Text(row, "tag")], (await s3.ListObjectsAsync("media", cancel)).S3Objects.Select(found => found.Key));
    }

    [Fact]
    public async Task Upload_FileChangesOnDiskMeanwhile_FailsAndTheNextTryIsRight()
    {
        var file = await TestFile.CreateAsync(folder.Path("growing.bin"), 40 * MiB, cancel);
        var changed = 0;
        proxy.Before = async request =>
        {
            if (StoreProxy.IsPart(request) && Interlocked.Exchange(ref changed, 1) == 0)
                await File.AppendAllTextAsync(file.Path, "more", cancel);
        };
        var (code, rows) = await RunAsync("upload", file.Path, "--json", "--part-size", "8MiB", "--parallel", "1");
        Assert.Equal((1, "source_changed"), (code, Text(Assert.Single(rows), "code")));
        var row = await UploadAsync(file.Path);
        Assert.Equal(("verified", (40L * MiB) + 4), (Text(row, "status"), row.GetProperty("size").GetInt64()));
    }

    [Fact]
    public async Task Get_LinesThatBreakAndACommandThatIsKilled_AreGoneOnWith()
    {
        var file = await TestFile.CreateAsync(folder.Path("big.bin"), 24 * MiB, cancel);
        var id = Text(await UploadAsync(file.Path), "fileId");
        var (target, held) = (folder.Path("back.bin"), new TaskCompletionSource());
        var reads = 0;
        proxy.Body = async (request, from, to, stop) =>
        {
            var number = StoreProxy.IsDelivery(request) ? Interlocked.Increment(ref reads) : 0;
            if (number is not (1 or 2))
            {
                await StoreProxy.PassOnAsync(request, from, to, stop);
                return;
            }

            await CopyAsync(from, to, 5 * MiB, stop);
            if (number == 1)
            {
                // A line that is cut takes along what it has not delivered: what the command has on disk counts.
                await Eventually.TrueAsync(
                    () => Directory.GetFiles(folder.FullName, "*.part") is [var begun] && new FileInfo(begun).Length >= 4 * MiB, Patience, stop);
                throw new IOException("Cut.");
            }

            await held.Task.WaitAsync(stop);
        };
        await using (var first = await CommandLine.StartAsync(api.Address, cancel, "get", id, "-o", target, "--json"))
        {
            // The second read goes on where the first was cut.
            await Eventually.TrueAsync(() => Directory.GetFiles(folder.FullName, "*.part") is [var part] && new FileInfo(part).Length >= 9 * MiB, Patience);
            await first.KillAsync();
        }

        held.SetResult();
        Assert.False(File.Exists(target));
        var (code, rows) = await RunAsync("get", id, "-o", target, "--json");
        Assert.Equal(0, code);
        var row = Assert.Single(rows);
        Assert.Equal((true, "verified"), (row.GetProperty("resumed").GetBoolean(), Text(row, "status")));
        Assert.InRange(row.GetProperty("received").GetInt64(), 1, 15 * MiB);
        Assert.Equal(await File.ReadAllBytesAsync(file.Path, cancel), await File.ReadAllBytesAsync(target, cancel));
        Assert.Empty(Directory.GetFiles(folder.FullName, "*.part"));
        Assert.Equal(1, (await RunAsync("get", id, "-o", target)).Code);
    }

    [Fact]
    public async Task Remove_AFile_IsGoneFromTheCatalogForGood()
    {
        var file = await TestFile.CreateAsync(folder.Path("short lived.bin"), 3 * MiB, cancel);
        await File.WriteAllBytesAsync(folder.Path("empty"), [], cancel);
        var id = Text(await UploadAsync(file.Path), "fileId");
        var empty = Text(await UploadAsync(folder.Path("empty")), "fileId");
        Assert.Equal(0, (await RunAsync("get", empty, "-o", folder.Path("empty back"))).Code);
        Assert.Equal(0, new FileInfo(folder.Path("empty back")).Length);
        Assert.Equal(0, (await RunAsync("verify", folder.Path("empty"), empty)).Code);

        var (code, rows) = await RunAsync("rm", id, "--json");
        Assert.Equal((0, "deleted", "short lived.bin"), (code, Text(rows[0], "status"), Text(rows[0], "fileName")));
        var (again, refused) = await RunAsync("rm", id, "--json");
        Assert.Equal((1, "file_not_found"), (again, Text(refused[0], "code")));
        Assert.Equal(1, (await RunAsync("get", id, "-o", folder.Path("gone"))).Code);
        Assert.Equal(1, (await RunAsync("verify", file.Path, id)).Code);
        Assert.Equal(empty, Text(Assert.Single((await RunAsync("files", "--json")).Rows), "id"));
    }

    [Fact]
    public async Task Upload_ApiKilledWhileItVerifies_IsVerifiedByTheNextOne()
    {
        var file = await TestFile.CreateAsync(folder.Path("big.bin"), 40 * MiB, cancel);
        var (reading, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        proxy.Body = async (request, from, to, stop) =>
        {
            if (HttpMethods.IsGet(request.Method) && request.Path.Value!.Contains("/upload/", StringComparison.Ordinal) && !held.Task.IsCompleted)
            {
                reading.TrySetResult();
                await held.Task.WaitAsync(stop);
            }

            await StoreProxy.PassOnAsync(request, from, to, stop);
        };
        await using var upload = await CommandLine.StartAsync(api.Address, cancel, "upload", file.Path, "--json", "--part-size", "8MiB");
        await reading.Task.WaitAsync(Patience, cancel);
        await api.KillAsync();
        held.SetResult();
        await api.RestartAsync(cancel);
        var row = await CommandLine.ResultAsync(upload, Patience);
        Assert.Equal("verified", Text(row, "status"));
        Assert.Equal(0, (await RunAsync("verify", file.Path, Text(row, "fileId"))).Code);
    }

    private async Task<JsonElement> UploadAsync(string path, string key = ApiProcess.ApiKey)
    {
        var (code, rows) = await RunAsAsync(key, "upload", path, "--json");
        Assert.Equal(0, code);
        return Assert.Single(rows);
    }

    private Task<(int Code, IReadOnlyList<JsonElement> Rows)> RunAsync(params string[] arguments) => RunAsAsync(ApiProcess.ApiKey, arguments);

    private async Task<(int Code, IReadOnlyList<JsonElement> Rows)> RunAsAsync(string key, params string[] arguments)
    {
        await using var process = await CommandLine.StartAsync(api.Address, key, cancel, arguments);
        var code = await process.Exited.WaitAsync(Patience, cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"{string.Join(' ', arguments)}: {code}{Environment.NewLine}{string.Join(Environment.NewLine, process.Lines)}");
        return (code, [.. process.Lines.Where(line => line.StartsWith('{')).Select(line => JsonSerializer.Deserialize<JsonElement>(line))]);
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static async Task CopyAsync(Stream from, Stream to, int bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        for (var left = bytes; left > 0;)
        {
            var read = await from.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length)), cancellationToken);
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            left -= read;
        }

        await to.FlushAsync(cancellationToken);
    }

    /// <summary>Changes the first byte that goes by.</summary>
    private sealed class FlippedStream(Stream inner) : Stream
    {
        private bool flipped;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            if (read > 0 && !flipped)
            {
                buffer.Span[0] ^= 1;
                flipped = true;
            }

            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
