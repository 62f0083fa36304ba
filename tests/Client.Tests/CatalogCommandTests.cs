using System.Globalization;
using Media.Client.Tests.Peer;

namespace Media.Client.Tests;

/// <summary>What the <c>media</c> command says of verification and of the catalog.</summary>
public sealed class CatalogCommandTests
{
    private const int Part = 64 * 1024;

    [Fact]
    public async Task Upload_NoWait_EndsStored()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "--no-wait", "--json", bench.File(3 * Part));
        Assert.Equal((0, ""), (code, process.Error));
        var row = Assert.Single(process.Json);
        Assert.Equal("stored", row.GetProperty("status").GetString());
        Assert.Equal(ApiPeer.HashesOf(Bench.Bytes(3 * Part))!.PieceHash, row.GetProperty("pieceHash").GetString());
        Assert.False(row.TryGetProperty("link", out _));
        Assert.Null(row.GetProperty("fileId").GetString());
    }

    [Fact]
    public async Task Upload_SameFileAgain_IsADuplicateThatWasNotSent()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(3 * Part);
        Assert.Equal(0, (await CommandProcess.RunAsync(bench, "upload", "-q", path)).Code);
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "--json", "--link-seconds", "60", path);
        Assert.Equal(0, code);
        var row = Assert.Single(process.Json);
        Assert.Equal(("duplicate", 0), (row.GetProperty("status").GetString(), row.GetProperty("sent").GetInt64()));
        Assert.True(row.TryGetProperty("link", out _));
        var (_, text) = await CommandProcess.RunAsync(bench, "upload", "-q", path);
        Assert.Matches(@"^duplicate  \S{21}  192.0 KiB  .*\(not sent\)", text.Output);
    }

    [Fact]
    public async Task Upload_DeliveryIsOff_HasNoLinkAndNoComplaint()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.DeliveryIsOff = true;
        var (code, process) = await CommandProcess.RunAsync(bench, "upload", "-q", "--json", bench.File(10));
        Assert.Equal((0, ""), (code, process.Error));
        Assert.False(Assert.Single(process.Json).TryGetProperty("link", out _));
    }

    [Fact]
    public async Task Upload_WhatIsStoredIsOther_EndsWith5AndSaysSo()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        using var process = CommandProcess.Start(bench, "upload", "--json", bench.File(3 * Part));
        await Bench.UntilAsync(() => bench.Api.Uploads.Values.SingleOrDefault()?.State == "Stored");
        bench.Store.Objects[bench.Api.Only.Key][7] ^= 1;
        bench.Api.Verify(bench.Api.Only);
        Assert.Equal(5, await process.ExitAsync());
        var row = Assert.Single(process.Json);
        Assert.Equal(("mismatched", "content_mismatched"), (row.GetProperty("status").GetString(), row.GetProperty("code").GetString()));
        Assert.NotEqual(row.GetProperty("pieceHash").GetString(), row.GetProperty("actual").GetProperty("pieceHash").GetString());
        Assert.Contains("[content_mismatched]", process.Error, StringComparison.Ordinal);
        var (_, shown) = await CommandProcess.RunAsync(bench, "show", bench.Api.Only.Tag);
        Assert.Contains("actual hash " + bench.Api.Only.Actual!.PieceHash, shown.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^reason\s+The stored bytes", shown.Output);
    }

    [Fact]
    public async Task Upload_InterruptedWhileVerifying_SaysThatTheFileIsStored()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        using var process = CommandProcess.Start(bench, "upload", "--json", bench.File(3 * Part));
        await Bench.UntilAsync(() => bench.Api.Calls("GET {tag}/events") == 1);
        await process.InterruptAsync();
        Assert.Equal(130, await process.ExitAsync());
        Assert.Contains("the file is stored", Assert.Single(process.Json).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_ManyFilesThatAreVerifiedSlowly_AreSentMeanwhile()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.HoldVerification = true;
        var paths = Enumerable.Range(1, 9).Select(n => bench.File(n, $"{n}.bin", n)).ToArray();
        using var process = CommandProcess.Start(bench, ["upload", "-q", .. paths]);
        // More than are sent at once.
        await Bench.UntilAsync(() => bench.Api.Uploads.Values.Count(upload => upload.State == "Stored") == 9);
        foreach (var upload in bench.Api.Uploads.Values)
            bench.Api.Verify(upload);
        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(9, process.Output.Split('\n').Count(line => line.StartsWith("verified  ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Get_AFile_IsThereUnderItsNameOrTheOneGiven()
    {
        await using var bench = await Bench.StartAsync();
        var tag = await UploadAsync(bench, 3 * Part, "Übung 1.bin");
        var folder = bench.Folder.CreateSubdirectory("down");
        var (code, process) = await CommandProcess.RunAsync(bench, "get", "--json", tag, "-o", folder.FullName);
        Assert.Equal(0, code);
        var row = Assert.Single(process.Json);
        Assert.Equal(("verified", Path.Combine(folder.FullName, "Übung 1.bin")), (row.GetProperty("status").GetString(), row.GetProperty("path").GetString()));
        Assert.Equal(Bench.Bytes(3 * Part), await File.ReadAllBytesAsync(row.GetProperty("path").GetString()!));

        var other = Path.Combine(folder.FullName, "other");
        Assert.Equal(0, (await CommandProcess.RunAsync(bench, "get", tag, "-o", other, "--no-verify")).Code);
        var (again, refused) = await CommandProcess.RunAsync(bench, "get", tag, "-o", other);
        Assert.Equal(1, again);
        Assert.Contains("[target_exists]", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await CommandProcess.RunAsync(bench, "get", tag, "-o", other, "--force")).Code);
        Assert.Equal(2, folder.GetFiles().Length);
    }

    [Fact]
    public async Task Get_ToStandardOutput_WritesTheBytesAndNothingElse()
    {
        await using var bench = await Bench.StartAsync();
        var path = Path.Combine(bench.Folder.FullName, "poem.txt");
        await File.WriteAllTextAsync(path, "one line\nanother, ünd another\n");
        var (_, uploaded) = await CommandProcess.RunAsync(bench, "upload", "-q", "--json", path);
        var (code, process) = await CommandProcess.RunAsync(bench, "get", uploaded.Json[0].GetProperty("tag").GetString()!, "-o", "-", "--json");
        Assert.Equal((0, "one line\nanother, ünd another\n"), (code, process.Output));
    }

    [Fact]
    public async Task Get_OtherBytesCome_EndsWith5AndLeavesNothing()
    {
        await using var bench = await Bench.StartAsync();
        var tag = await UploadAsync(bench, 3 * Part, "a.bin");
        bench.Api.Sending = (context, all, _) => context.Response.Body.WriteAsync(new byte[all.Length]).AsTask();
        var folder = bench.Folder.CreateSubdirectory("down");
        var (code, process) = await CommandProcess.RunAsync(bench, "get", tag, "-o", folder.FullName, "--json");
        Assert.Equal(5, code);
        Assert.Equal("content_mismatched", Assert.Single(process.Json).GetProperty("code").GetString());
        Assert.Empty(folder.GetFileSystemInfos());
    }

    [Fact]
    public async Task Get_InterruptedAndRunAgain_GoesOn()
    {
        await using var bench = await Bench.StartAsync();
        var tag = await UploadAsync(bench, 40 * Part, "a.bin");
        var folder = bench.Folder.CreateSubdirectory("down");
        bench.Api.Sending = async (context, all, _) =>
        {
            await context.Response.Body.WriteAsync(all.AsMemory(0, 30 * Part));
            await context.Response.Body.FlushAsync();
            await StorePeer.HoldAsync(context);
        };
        using (var process = CommandProcess.Start(bench, "get", tag, "-o", folder.FullName))
        {
            await Bench.UntilAsync(() => folder.GetFiles("*.part") is [{ Length: 30 * Part }]);
            await process.InterruptAsync();
            Assert.Equal(130, await process.ExitAsync());
            Assert.Contains("run the same command again", process.Error, StringComparison.Ordinal);
        }

        bench.Api.Sending = null;
        var (code, again) = await CommandProcess.RunAsync(bench, "get", tag, "-o", folder.FullName, "--json");
        Assert.Equal(0, code);
        var row = Assert.Single(again.Json);
        Assert.Equal((true, 10 * Part), (row.GetProperty("resumed").GetBoolean(), row.GetProperty("received").GetInt32()));
        Assert.Equal(Bench.Bytes(40 * Part), await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "a.bin")));
        Assert.Single(folder.GetFiles());
    }

    [Fact]
    public async Task Verify_LocalFiles_SaysSameOrInWhatTheyDiffer()
    {
        await using var bench = await Bench.StartAsync();
        var path = bench.File(40 * Part);
        var tag = await UploadAsync(bench, 40 * Part, "a.bin");
        var (code, same) = await CommandProcess.RunAsync(bench, "verify", path, tag);
        Assert.Equal(0, code);
        Assert.StartsWith("same", same.Output, StringComparison.Ordinal);

        // Not where the tip hash looks; where it does; and longer.
        foreach (var (at, differs) in ((int, string)[])[(3 * Part, "pieceHash"), (0, "tipHash"), (40 * Part, "size")])
        {
            byte[] bytes = [.. Bench.Bytes(40 * Part), .. at == 40 * Part ? "x"u8 : []];
            bytes[at] ^= 1;
            await File.WriteAllBytesAsync(path, bytes);
            var (different, process) = await CommandProcess.RunAsync(bench, "verify", path, tag, "--json");
            Assert.Equal(1, different);
            var row = Assert.Single(process.Json);
            Assert.Equal(("different", differs), (row.GetProperty("status").GetString(), row.GetProperty("differs").GetString()));
            Assert.StartsWith("different", (await CommandProcess.RunAsync(bench, "verify", path, tag)).Process.Output, StringComparison.Ordinal);
        }

        Assert.Contains("[source_missing]", (await CommandProcess.RunAsync(bench, "verify", path + "?", tag)).Process.Error, StringComparison.Ordinal);
        var (unknown, none) = await CommandProcess.RunAsync(bench, "verify", path, "nobody");
        Assert.Equal(1, unknown);
        Assert.Contains("[file_not_found]", none.Error, StringComparison.Ordinal);
        var empty = await UploadAsync(bench, 0, "empty");
        Assert.Equal(0, (await CommandProcess.RunAsync(bench, "verify", bench.File(0, "empty2"), empty)).Code);
        Assert.Equal(1, (await CommandProcess.RunAsync(bench, "verify", bench.File(0, "empty2"), tag)).Code);
    }

    [Fact]
    public async Task FilesAndRemove_Catalog_AreListedByPagesFilteredAndDeleted()
    {
        await using var bench = await Bench.StartAsync();
        bench.Api.MostFilesOnAPage = 2;
        var tags = new List<string>();
        foreach (var n in Enumerable.Range(1, 5))
            tags.Add(await UploadAsync(bench, n, string.Create(CultureInfo.InvariantCulture, $"holiday {n}.{(n % 2 == 0 ? "jpg" : "mp4")}"), n));
        var (_, all) = await CommandProcess.RunAsync(bench, "files", "--json");
        Assert.Equal(["holiday 5.mp4", "holiday 4.jpg", "holiday 3.mp4", "holiday 2.jpg", "holiday 1.mp4"], all.Json.Select(row => row.GetProperty("fileName").GetString()));
        Assert.Equal(3, (await CommandProcess.RunAsync(bench, "files", "--limit", "3", "--json")).Process.Json.Count);
        Assert.Equal(2, (await CommandProcess.RunAsync(bench, "files", "--type", "image/*", "--json")).Process.Json.Count);
        var hash = ApiPeer.HashesOf(Bench.Bytes(4, 4))!.PieceHash;
        var (_, one) = await CommandProcess.RunAsync(bench, "files", "--hash", hash, "--name", "HOLIDAY");
        Assert.Matches($@"^{tags[3]}\s+4 B  .*image/jpeg\s+holiday 4\.jpg\n$", one.Output);

        var (code, removed) = await CommandProcess.RunAsync(bench, "rm", tags[0], "nobody", tags[1]);
        Assert.Equal(1, code);
        Assert.Equal([$"deleted  {tags[0]}  1 B  holiday 1.mp4", $"deleted  {tags[1]}  2 B  holiday 2.jpg", ""], removed.Output.Split('\n'));
        Assert.Contains("[file_not_found]", removed.Error, StringComparison.Ordinal);
        Assert.Equal(3, bench.Api.Files.Count);
        var (last, json) = await CommandProcess.RunAsync(bench, "rm", "--json", tags[2]);
        Assert.Equal((0, "deleted"), (last, json.Json[0].GetProperty("status").GetString()));
        var (gone, why) = await CommandProcess.RunAsync(bench, "get", tags[2]);
        Assert.Equal(1, gone);
        Assert.Contains("was deleted", why.Error, StringComparison.Ordinal);
    }

    private static async Task<string> UploadAsync(Bench bench, int size, string name, int seed = 1)
    {
        var (_, process) = await CommandProcess.RunAsync(bench, "upload", "-q", "--json", bench.File(size, name, seed));
        return process.Json[0].GetProperty("tag").GetString()!;
    }
}
