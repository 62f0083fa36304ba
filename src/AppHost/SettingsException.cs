namespace Media.AppHost;

/// <summary>Something about the settings or the machine that a person has to change. The message says what.</summary>
internal sealed class SettingsException(string message) : Exception(message);
