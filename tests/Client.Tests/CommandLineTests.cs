using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Media.Client.Tests.Peer;

namespace Media.Client.Tests;

/// <summary>The <c>media</c> command as its users meet it: what it prints and how it ends.</summary>
public sealed class CommandLineTests
{
    private const int Part = 64 * 1024;

    [Fact]
    public async Task Upload_SeveralFilesWithJson_OneObjectEachAndTheBytesAreThere()
    {
        await using var bench = await Bench.StartAsync();
        string[] files = [bench.File(5 * Part, "a.mp4", 1), bench.File(0, "empty.bin"), bench.File(7, "Übung 你好 'n' #1 %41.txt", 3)];
        var (code, process) = await CommandProcess.RunAsync(bench, ["upload", "--json", "--quiet", .. files]);
        Assert.Equal((0, ""), (code, process.Error));
        var rows = process.Json.ToDictionary(row => row.GetProperty("file").GetString()!);
        Assert.Equal(3, rows.Count);
        foreach (var file in files)
        {
            var row = rows[file];
            var tag = row.GetProperty("tag").GetString()!;
            Assert.Equal("verified", row.GetProperty("status").GetString());
            var hashes = ApiPeer.HashesOf(await File.ReadAllBytesAsync(file));
            Assert.Equal((hashes?.TipHash, hashes?.PieceHash), (row.GetProperty("tipHash").GetString(), row.GetProperty("pieceHash").GetString()));
            Assert.Equal(tag, row.GetProperty("fileId").GetString());
            Assert.StartsWith(bench.Api.Host.Address + "/media/" + tag, row.GetProperty("link").GetString(), StringComparison.Ordinal);
            Assert.False(row.GetProperty("resumed").GetBoolean());
            Assert.Equal(bench.Api.Uploads[tag].Key, row.GetProperty("key").GetString());
            Assert.Equal(new FileInfo(file).Length, row.GetProperty("size").GetInt64());
            Assert.InRange(row.GetProperty("seconds").GetDouble(), 0, 60);
            Assert.Equal(await File.ReadAllBytesAsync(file), bench.Stored(tag));
            Assert.Equal(Path.GetFileName(file), bench.Api.Uploads[tag].FileName);
        }
    }

    [Fact]
    public async Task PasswordHash_OfTheStandardInput_IsWhatAServerComparesWith()
    {
        using var process = CommandProcess.Start(null, "password-hash", "--iterations", "1000");
        await process.WriteAsync("correct horse\n");
        Assert.Equal((0, ""), (await process.ExitAsync(), process.Error));
        var fields = process.Output.TrimEnd().Split('$');
        Assert.Equal(["pbkdf2-sha256-sha256", "1000"], fields[..2]);
        var salt = Convert.FromBase64String(fields[2]);
        Assert.Equal(16, salt.Length);
        var key = Rfc2898DeriveBytes.Pbkdf2("correct horse", salt, 1000, HashAlgorithmName.SHA256, 32);
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(key)), fields[3]);

        using var without = CommandProcess.Start(null, "password-hash");
        await without.WriteAsync("");
        Assert.Equal((2, "media: A password has 1 to 1024 characters.\n"), (await without.ExitAsync(), without.Error));
    }

    [Fact]
    public async Task Upload_KilledInTheMiddleAndRunAgain_GoesOnAtOnce()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(40 * Part);
        bench.Store.HoldPartsAfter(10);
        using (var first = CommandProcess.Start(bench, "upload", path))
        {
            await Bench.UntilAsync(() => bench.Store.Taken.Count >= 10);
            first.Kill();
            await first.ExitAsync();
        }

        bench.Store.Fault = null;
        bench.Store.Taken.Clear();
        Assert.True(bench.Api.Only.Until > TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(30));
        var since = TimeProvider.System.GetTimestamp();
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "--json", path);
        Assert.Equal(0, code);
        Assert.InRange(TimeProvider.System.GetElapsedTime(since).TotalSeconds, 0, 45);
        var row = Assert.Single(process.Json);
        Assert.True(row.GetProperty("resumed").GetBoolean());
        Assert.Equal(30, bench.Store.Taken.Count);
        Assert.Equal(Bench.Bytes(40 * Part), bench.Stored(row.GetProperty("tag").GetString()!));
    }

    [Fact]
    public async Task Upload_Interrupted_SaysSoGivesTheLeaseBackAndEndsWith130()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(40 * Part);
        bench.Store.HoldPartsAfter(10);
        using var process = CommandProcess.Start(bench, "upload", "--json", path);
        await Bench.UntilAsync(() => bench.Store.Taken.Count >= 10);
        await process.InterruptAsync();
        Assert.Equal(130, await process.ExitAsync());
        Assert.Contains("run the same command again", process.Error, StringComparison.Ordinal);
        var row = Assert.Single(process.Json);
        Assert.Equal(("failed", "interrupted"), (row.GetProperty("status").GetString(), row.GetProperty("code").GetString()));
        Assert.Equal(bench.Api.Only.Tag, row.GetProperty("tag").GetString());
        Assert.Equal(1, bench.Api.Calls("DELETE {tag}/lease"));
        Assert.Equal("Uploading", bench.Api.Only.State);
    }

    [Fact]
    public async Task Upload_HeldByALivingProcess_WaitsUntilTakeOverIsGiven()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(40 * Part);
        bench.Store.HoldPartsAfter(10);
        using var first = CommandProcess.Start(bench, "upload", path);
        await Bench.UntilAsync(() => bench.Store.Taken.Count >= 10);
        var holder = bench.Api.Only.Holder;
        Assert.Matches($@"^cli\..+\.{first.Id}\.[0-9]+$", holder);

        using (var second = CommandProcess.Start(bench, "upload", path))
        {
            await Bench.UntilAsync(() => bench.Api.Calls("POST uploads") >= 3);
            Assert.Equal(holder, bench.Api.Only.Holder);
            await second.InterruptAsync();
            Assert.Equal(130, await second.ExitAsync());
        }

        bench.Store.Fault = null;
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "--take-over", "--json", path);
        Assert.Equal(0, code);
        Assert.True(Assert.Single(process.Json).GetProperty("resumed").GetBoolean());
        first.Kill();
    }

    [Fact]
    public async Task Upload_OnATerminal_DrawsALineThatIsGoneAtTheEnd()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "There is no script(1) to make a terminal with.");
        await using var bench = await Bench.StartAsync();
        var path = bench.File(40 * Part);
        var drawn = new TaskCompletionSource();
        bench.Store.Fault = async (context, part, _) =>
        {
            if (part == 20)
                await drawn.Task.WaitAsync(context.RequestAborted);
            return false;
        };
        using var process = CommandProcess.StartOnTerminal(bench, "upload", path);
        await Bench.UntilAsync(() => process.Output.Contains("film.mp4", StringComparison.Ordinal) && process.Output.Contains("MiB of 2.5 MiB", StringComparison.Ordinal));
        drawn.SetResult();
        Assert.Equal(0, await process.ExitAsync());
        // Erased by moving up over it, before what became of the file is written.
        Assert.Matches(@"\e\[1A\s*\e\[Jverified  [^\e]+/s\s*$", process.Output);
    }

    [Fact]
    public async Task Upload_NotOnATerminal_HasNoEscapes()
    {
        await using var bench = await Bench.StartAsync();
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", bench.File(Part));
        Assert.Equal(0, code);
        Assert.DoesNotContain('\e', process.Output + process.Error);
    }

    [Fact]
    public async Task Upload_SomeFilesAreNone_TheOthersAreStoredAndItEndsWith1()
    {
        await using var bench = await Bench.StartAsync();
        var good = bench.File(10);
        var loop = Path.Combine(bench.Folder.FullName, "loop");
        File.CreateSymbolicLink(loop, loop);
        var missing = Path.Combine(bench.Folder.FullName, "missing");
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "--json", missing, bench.Folder.FullName, loop, "/dev/zero", good);
        Assert.Equal(1, code);
        var rows = process.Json.ToDictionary(row => row.GetProperty("file").GetString()!);
        string CodeOf(string file) => rows[file].GetProperty("code").GetString()!;
        Assert.Equal("source_missing", CodeOf(missing));
        Assert.Equal("source_not_a_file", CodeOf(bench.Folder.FullName));
        Assert.Equal("source_not_a_file", CodeOf("/dev/zero"));
        Assert.Equal("source_unreadable", CodeOf(loop));
        Assert.Equal("verified", rows[good].GetProperty("status").GetString());
        Assert.Contains("[source_missing]", process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnyCommand_WrongArguments_EndsWith2()
    {
        string[][] wrong =
        [
            [], ["upload"], ["bogus"], ["upload", "--parallel", "0", "x"], ["upload", "--part-size", "much", "x"], ["ls", "--limit", "0"], ["ls", "--server", "ftp://x"], ["ls", "--nonsense"], ["get"], ["get", "x", "--referer", "nonsense"], ["rm"], ["verify", "x"], ["files", "--limit", "0"],
            ["upload", "--link-seconds", "-1", "x"],
        ];
        foreach (var arguments in wrong)
        {
            var (code, process) = await CommandProcess.RunAsync(null, arguments);
            Assert.Equal(2, code);
            Assert.StartsWith("media: ", process.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnyCommand_NoKeyOrAWrongOne_EndsWith3AndSaysWhatIsMissing()
    {
        await using var bench = await Bench.StartAsync();
        foreach (var arguments in (string[][])[["ls"], ["upload", bench.File(10)], ["abort", "x"], ["show", "x"], ["files"], ["get", "x"], ["rm", "x"], ["verify", "x", "x"]])
        {
            using var without = CommandProcess.Start(bench, null, arguments);
            Assert.Equal(3, await without.ExitAsync());
            Assert.Contains("MEDIA_API_KEY", without.Error, StringComparison.Ordinal);
            using var wrong = CommandProcess.Start(bench, "wrong-key", arguments);
            Assert.Equal(3, await wrong.ExitAsync());
            Assert.Contains("permission_invalid", wrong.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong-key", wrong.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnyCommand_NoServer_EndsWith4()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Api.Host.StopAsync();
        Assert.Equal(4, (await CommandProcess.RunAsync(bench, "ls")).Code);
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "--retry-for", "1", "--json", bench.File(10, "a"), bench.File(10, "b"));
        Assert.Equal(4, code);
        Assert.All(process.Json, row => Assert.Equal("server_unreachable", row.GetProperty("code").GetString()));
        Assert.Equal(2, process.Json.Count);
    }

    [Fact]
    public async Task ListShowAndAbort_AnUpload_TellAndEndIt()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.LeaseDuration = TimeSpan.FromHours(1);
        Assert.Equal(0, (await CommandProcess.RunAsync(bench, "upload", "-q", bench.File(10, "done.bin"))).Code);
        var open = await bench.Client().CreateUploadAsync(new NewUpload("open.bin", "text/plain", 200_000) { TipHash = new string('A', 52), ClientId = "other" });

        var (_, all) = await CommandProcess.RunAsync(bench, "ls");
        Assert.Contains("done.bin", all.Output, StringComparison.Ordinal);
        Assert.Contains("open.bin", all.Output, StringComparison.Ordinal);
        var (_, active) = await CommandProcess.RunAsync(bench, "ls", "--state", "active", "--json");
        Assert.Equal(open.Tag, Assert.Single(active.Json).GetProperty("tag").GetString());
        Assert.Single((await CommandProcess.RunAsync(bench, "ls", "--limit", "1", "--json")).Process.Json);

        var (_, shown) = await CommandProcess.RunAsync(bench, "show", open.Tag, "--json");
        Assert.Equal(("Uploading", "other"), (shown.Json[0].GetProperty("state").GetString(), shown.Json[0].GetProperty("lease").GetProperty("clientId").GetString()));
        var (aborted, process) = await CommandProcess.RunAsync(bench, "abort", open.Tag, "nobody", "--json");
        Assert.Equal(1, aborted);
        Assert.Equal(["aborted", "failed"], process.Json.Select(row => row.GetProperty("status").GetString()));
        Assert.Equal("Aborted", bench.Api.Uploads[open.Tag].State);
    }

    [Fact]
    public async Task Hash_Files_PrintsBothHashesWithoutAServer()
    {
        await using var bench = await Bench.StartAsync();
        var path = Path.Combine(bench.Folder.FullName, "hello");
        await File.WriteAllTextAsync(path, "hello");
        var (code, process) = await CommandProcess.RunAsync(null, "hash", "--json", path);
        Assert.Equal(0, code);
        Assert.Equal(
            JsonSerializer.Serialize(new { file = path, size = 5, tipHash = "BSOEFHWYKUFE2ZEYFGKAE2X4IZXTXXCDJZQ2YRGKLMAETUJDTIHQ", pieceHash = "AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q" }),
            process.Output.TrimEnd());
        var (_, text) = await CommandProcess.RunAsync(null, "hash", path);
        Assert.Equal($"BSOEFHWYKUFE2ZEYFGKAE2X4IZXTXXCDJZQ2YRGKLMAETUJDTIHQ  AD4G5U6L4LJC4DYUIUSFRIYHH5KMRVHCLOQQAKAPNNPFCRAUIV3Q  5  {path}", text.Output.TrimEnd());
    }

    [Fact]
    public async Task Hash_SomeFilesHaveNoHash_SaysWhyAndHashesTheRest()
    {
        await using var bench = await Bench.StartAsync();
        var first = bench.File(10, "first");
        var last = bench.File(20, "größer \u202e.bin");
        // Reading it fails for everybody, also for root, whom no permission bits stop.
        string[] files = [first, bench.Folder.FullName, first + "-missing", bench.File(0, "empty"), "/proc/self/mem", "/dev/zero", last];
        var (code, process) = await CommandProcess.RunAsync(null, ["hash", "--json", .. files]);
        Assert.Equal(1, code);
        Assert.Equal(files, process.Json.Select(row => row.GetProperty("file").GetString()));
        Assert.Equal(
            [null, "source_not_a_file", "source_missing", "source_empty", "source_unreadable", "source_not_a_file", null],
            process.Json.Select(row => row.TryGetProperty("code", out var reason) ? reason.GetString() : null));
        Assert.Equal([10, 20], process.Json.Where(row => row.TryGetProperty("size", out _)).Select(row => row.GetProperty("size").GetInt32()));
        Assert.Equal(5, process.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("media: ", StringComparison.Ordinal)));

        var (textCode, text) = await CommandProcess.RunAsync(null, ["hash", .. files]);
        Assert.Equal(1, textCode);
        Assert.Equal(2, text.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain('\u202e', text.Output);
        Assert.Contains("an empty file has no hash", text.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_BothSpellings_PrintTheSame()
    {
        var (code, command) = await CommandProcess.RunAsync(null, "version");
        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+", command.Output);
        Assert.Equal(command.Output, (await CommandProcess.RunAsync(null, "--version")).Process.Output);
    }

    [Fact]
    public async Task Upload_Options_ReachTheServer()
    {
        await using var bench = await Bench.StartAsync();
        var (code, _) = await CommandProcess.RunAsync(bench, "upload", "--part-size", "16KiB", "--content-type", "text/x-special", bench.File(40_000));
        Assert.Equal(0, code);
        Assert.Equal((16384, 3, "text/x-special"), (bench.Api.Only.PartSize, bench.Api.Only.PartCount, bench.Api.Only.ContentType));
        Assert.Equal(3, (await CommandProcess.RunAsync(bench, "upload", "--content-type", "text/forbidden", bench.File(10))).Code);
    }
}
