namespace Media.AppHost;

/// <summary>Keeps a second copy out of a data folder. The system gives the lock back when its holder dies.</summary>
internal static class DataFolderLock
{
    /// <summary>Takes the lock; disposing it gives it back.</summary>
    /// <exception cref="SettingsException">Another copy has it.</exception>
    public static IDisposable Take(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new SettingsException($"Another copy runs in {folder}. Stop it, or use another data folder and other ports: MEDIA_DATA=FOLDER MEDIA_PORT=… ./run");
        }
    }
}
