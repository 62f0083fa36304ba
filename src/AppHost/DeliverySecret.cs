using System.Security.Cryptography;

namespace Media.AppHost;

/// <summary>The secret that this copy signs delivery links with: made once for a data folder, so that links outlive a restart.</summary>
internal static class DeliverySecret
{
    private const string FileName = "delivery-secret";

    /// <summary>The folder's secret, 32 bytes in hexadecimal.</summary>
    /// <param name="dataFolder">Exists already.</param>
    public static string ReadOrMake(string dataFolder)
    {
        var path = Path.Combine(dataFolder, FileName);
        if (!File.Exists(path))
        {
            // Whole or not there at all, and nobody else's to read from its first byte on.
            var unfinished = path + ".new";
            File.Delete(unfinished);
            using (var file = new StreamWriter(unfinished, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
                file.Write(RandomNumberGenerator.GetHexString(64, lowercase: true));
            File.Move(unfinished, path);
        }

        return File.ReadAllText(path).Trim();
    }
}
