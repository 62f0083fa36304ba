using System.CommandLine;
using System.Globalization;
using Media.Client;
using Media.Client.Downloading;
using Media.Client.Uploading;
using Media.Fuji;

namespace Media.CommandLine;

/// <summary><c>media verify FILE TAG</c></summary>
internal static class VerifyCommand
{
    public static Command Create(CommonOptions common)
    {
        var path = new Argument<string>("FILE") { Description = "A file of this machine." };
        var id = new Argument<string>("TAG") { Description = "The id of a file in the catalog; the tag of the upload that it came by." };
        var command = new Command("verify", "Compare a file with one in the catalog, by size and hashes.") { path, id };
        command.SetAction((arguments, cancellationToken) => ServerCall.RunAsync(common, arguments, async client =>
        {
            using var delivery = MediaClient.CreateDeliveryClient();
            var stored = await new Downloader(client, delivery).FindAsync(arguments.GetValue(id)!, cancellationToken);
            var local = await HashAsync(arguments.GetValue(path)!, cancellationToken);
            return Tell(arguments.GetValue(path)!, stored, local, common.Json(arguments));
        }));
        return command;
    }

    private static async Task<FujiHashes?> HashAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await LocalFiles.HashAsync(path, cancellationToken);
        }
        catch (MediaException e) when (e.Code == MediaErrors.SourceEmpty)
        {
            return null;
        }
    }

    private static int Tell(string path, CatalogFile stored, FujiHashes? local, bool json)
    {
        var size = local?.Size ?? 0;
        // What it differs in first says most: another size makes other hashes.
        var differs = size != stored.Size ? "size" : local?.TipHash != stored.TipHash ? "tipHash" : local?.PieceHash != stored.PieceHash ? "pieceHash" : null;
        if (json)
        {
            var compared = new ComparedFile(
                path, stored.Id, stored.FileName, differs is null ? "same" : "different", differs,
                new ComparedContent(size, local?.TipHash, local?.PieceHash), new ComparedContent(stored.Size, stored.TipHash, stored.PieceHash));
            JsonLines.Write(compared, JsonLines.Forms.ComparedFile);
        }
        else
        {
            var how = differs switch
            {
                null => "",
                "size" => string.Create(CultureInfo.InvariantCulture, $": {size} bytes here, {stored.Size} there"),
                "tipHash" => $": tip hash {local?.TipHash} here, {stored.TipHash} there",
                _ => $": piece hash {local?.PieceHash} here, {stored.PieceHash} there",
            };
            Console.Out.WriteLine($"{(differs is null ? "same     " : "different")}  {Printable.Of(stored.Id)}  {Printable.Of(path)}{how}");
        }

        return differs is null ? ExitCode.Ok : ExitCode.Failed;
    }
}
